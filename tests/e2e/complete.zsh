# What zsh offers where Tab is pressed at the end of a line: zsh -f complete.zsh SCRIPT LINE
# prints the words, one a line; what zsh prepares is kept in SCRIPT.dump. A zsh on a terminal of its own does it, as a person would see it.
zmodload zsh/zpty
directory=$(mktemp -d)
trap 'rm -rf $directory' EXIT
cat > $directory/.zshrc <<RC
autoload -Uz compinit
compinit -C -d ${(q)1}.dump
source ${(q)1}
# Notes every match on its way to the list; calls that only sort matches are let through.
compadd() {
  if [[ \${@[1,(i)(-|--)]} != *-[OAD]* ]]; then
    local -a found
    builtin compadd -A found "\$@"
    (( \$#found )) && print -rl -- \$found >> $directory/found
  fi
  builtin compadd "\$@"
}
finish() { print done > $directory/done }
zle -N finish
bindkey '^T' finish
RC
export ZDOTDIR=$directory
zpty terminal zsh -d -i
zpty -w -n terminal "$2"$'\t\x14'  # Tab, then ^T
for ((i = 0; i < 300; i++)); do
  zpty -rt terminal >/dev/null 2>&1
  [[ -s $directory/done ]] && break
  sleep 0.05
done
[[ -s $directory/done ]] || exit 1
[[ -e $directory/found ]] && cat $directory/found
exit 0
