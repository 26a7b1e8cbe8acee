"""What containers of `docker-compose.yml` run: to set the installation up, and to play the demonstration."""
