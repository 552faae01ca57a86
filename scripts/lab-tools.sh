#!/usr/bin/env bash
# Brings the tools of the network lab (test/support/lab) onto a Debian machine. The SSH server and arpspoof are only
# unpacked below .cache/lab-tools: their packages would start services or bring much else.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(mosquitto mosquitto-clients nmap hping3 slowhttptest hydra tcpdump nftables iptables iproute2 iputils-ping
  ethtool openssh-client curl libnet1 libpcap0.8 libwrap0)
unpacked=(openssh-server openssh-sftp-server dsniff)
folder="$PWD/.cache/lab-tools"

missing=()
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
complete=true
for file in usr/sbin/sshd usr/lib/openssh/sftp-server usr/sbin/arpspoof; do
  [ -x "$folder/$file" ] || complete=false
done
[ "${#missing[@]}" -eq 0 ] && [ "$complete" = true ] && exit 0

apt-get update -q -o Acquire::Retries=5 >/dev/null
if [ "${#missing[@]}" -gt 0 ]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -yq -o Acquire::Retries=5 --no-install-recommends "${missing[@]}" >/dev/null
fi
if [ "$complete" = false ]; then
  downloads="$(mktemp -d)"
  trap 'rm -rf "$downloads"' EXIT
  chmod 755 "$downloads"
  mkdir -p "$folder"
  (cd "$downloads" && apt-get download -q -o Acquire::Retries=5 "${unpacked[@]}" >/dev/null)
  for package in "$downloads"/*.deb; do dpkg -x "$package" "$folder"; done
fi
