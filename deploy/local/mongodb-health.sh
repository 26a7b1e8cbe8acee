#!/usr/bin/env bash
# Healthy when mongod is the writable primary of its replica set; makes it one of itself where it is none.
# In MongoDB's wire protocol and with nothing but bash and coreutils: mongosh takes a second of processor
# time at every check, and not every image that holds mongod holds it.
set -euo pipefail

ask() { # $1: a command's name. Sends {<name>: {}, $db: "admin"}; prints the answer, NUL as F and 1 as T.
  local document=$((${#1} + 27)) length answer
  local message=$((document + 21))
  exec 3<>/dev/tcp/127.0.0.1/27017
  {
    printf '%b' "\\x$(printf %02x "$message")\\0\\0\\0" '\x01\0\0\0' '\0\0\0\0' '\xdd\x07\0\0' # OP_MSG
    printf '%b' '\0\0\0\0' '\0'                                                         # no flags; one body
    printf '%b' "\\x$(printf %02x "$document")\\0\\0\\0" "\\x03$1\\0" '\x05\0\0\0\0'     # an empty document
    printf '%b' '\x02$db\0' '\x06\0\0\0admin\0' '\0'
  } >&3
  length=$(head -c 4 <&3 | od -An -tu4)
  answer=$(head -c $((length - 4)) <&3 | tr '\000\001' FT)
  exec 3>&-
  printf '%s' "$answer"
}

primary() { ask hello | grep -a isWritablePrimaryFT >/dev/null; }

# Refused where it was initiated before.
primary || { ask replSetInitiate >/dev/null; primary; }
