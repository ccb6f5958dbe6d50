# Whoever logs in for the first time gets a key that counts on all machines, since they see the same home folder. Several
# of them may find none at the same moment: one makes it, and it is there whole or not at all.
if [ "$(id -u)" -ge 600 ] && [ -O "$HOME" ] && [ ! -e "$HOME/.ssh/id_ed25519" ]; then
  (
    umask 077
    key="$HOME/.ssh/id_ed25519"
    work="$HOME/.ssh/key-in-the-making"
    mkdir -p "$HOME/.ssh" || exit
    # Of a login that was cut off.
    find "$work" -maxdepth 0 -mmin +1 -exec rm -rf {} + 2>/dev/null
    if mkdir "$work" 2>/dev/null; then
      if [ ! -e "$key" ]; then
        ssh-keygen -q -t ed25519 -N '' -C "$(id -un)@cluster" -f "$work/id_ed25519" </dev/null &&
          cat "$work/id_ed25519.pub" >>"$HOME/.ssh/authorized_keys" &&
          mv "$work/id_ed25519.pub" "$work/id_ed25519" "$HOME/.ssh/"
      fi
      rm -rf "$work"
    else
      tries=0
      while [ ! -e "$key" ] && [ "$tries" -lt 50 ]; do
        sleep 0.2
        tries=$((tries + 1))
      done
    fi
  )
fi
