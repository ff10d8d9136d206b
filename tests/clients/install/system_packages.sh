#!/bin/bash
# Installs the Debian packages that only tests need, when run as root; otherwise prints the one command
# that does, and the tests that need them are skipped loudly. Usher itself needs none of them.
set -euo pipefail

declare -A package_of=(
    [chromium]=chromium   # the browser half of every sign-in
    [firefox-esr]=firefox-esr   # the other family of browsers, with profiles of its own kind
    [Xvfb]=xvfb           # the screen that it needs
    [xdotool]=xdotool     # a keyboard for it
    [xmlsec1]=xmlsec1     # an XML signature check that is not ours
    [gnome-keyring-daemon]=gnome-keyring   # a real OS key ring, headless
    [dbus-daemon]=dbus-daemon
    [ssh-keygen]=openssh-client   # what signs commits of shared profiles
    [gpg]=gnupg
    [sshd]=openssh-server # a far machine to sign in on, and the network it is in
    [ip]=iproute2
    [tmux]=tmux           # a terminal whose screen can be read
    [zsh]=zsh             # shells that people's commands are quoted for
    [fish]=fish
    [dash]=dash
    [elvish]=elvish
    [node]=nodejs         # the AWS SDK for JavaScript
    [npm]=npm
)

# Where services are started when they are installed, no sshd is put up behind anybody's back.
[ ! -d /run/systemd/system ] || unset 'package_of[sshd]'
PATH=$PATH:/usr/sbin:/sbin
! command -v firefox >/dev/null || unset 'package_of[firefox-esr]'

missing=() known=()
for command in "${!package_of[@]}"; do
    command -v "$command" >/dev/null || missing+=("${package_of[$command]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "Tests that need them will be skipped; to install what is missing:" >&2
    echo "    sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "not a Debian machine: install ${missing[*]} yourself to run every test" >&2
    exit 0
fi
echo "installing for the tests: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
for package in "${missing[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 && known+=("$package") || echo "not in this distribution: $package" >&2
done
apt-get -qq install -y --no-install-recommends "${known[@]}" >/dev/null </dev/null
