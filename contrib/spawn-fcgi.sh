#!/bin/sh
# Start copilot-api on a unix socket for a web server, in the foreground, with
# spawn-fcgi(1). Whoever runs this (runit, a service manager, a terminal) starts
# it again when it ends; the socket is made anew.
#
# The directories belong to the user, who also signs in to GitHub:
#	install -d -o www-data -g www-data -m 700 /var/lib/copilot-api
#	install -d -o www-data -g www-data -m 755 /run/copilot-api
#	sudo -u www-data copilot-api --api-home=/var/lib/copilot-api auth

program=/usr/local/bin/copilot-api
socket=/run/copilot-api/fastcgi.sock
user=www-data

# HOME may still be root's, where the user can't look.
COPILOT_API_HOME=/var/lib/copilot-api
export COPILOT_API_HOME

# -M  Who can connect can spend your quota: the user and the group, no more.
# -b  A short queue would turn a burst into the web server's 502.
# -n  Stays in the foreground and leaves stderr, the log, where it is; without
#     it both go to /dev/null.
# "-F 4" would start four processes on one socket. One is enough for a thousand
# streams; more of them use more processors. "responders": 4 in config.json
# divides the memory among them.
exec spawn-fcgi -n -s "$socket" -M 0660 -u "$user" -g "$user" -b 4096 -- "$program"
