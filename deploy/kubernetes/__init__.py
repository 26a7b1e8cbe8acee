"""Kobling on Kubernetes: manifests for kustomize, and what makes those that come from the registry."""
