#!/bin/bash
# Is the service in this container ready? Asks its own admin endpoint; the image has no curl.
exec 3<> /dev/tcp/127.0.0.1/8781 || exit 1
printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]
