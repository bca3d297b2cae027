#!/usr/bin/env bash
# Packs what training needs into parts of at most 60 MB: bundle.sh <work folder> [<data folder>]
# → <work>/bundle/part-00 …, SHA256SUMS and unpack.sh, which puts it all together in an empty folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(realpath "$1")
data=${2:-${EMOLLM_DATA:-../../shared/data}}
out=$work/bundle
rm -rf "$out"
mkdir -p "$out"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/training/work" "$stage/data"
cp -p ./*.py ./*.txt ./*.toml Makefile "$stage/training/"
cp -rp tests "$stage/training/"
# The fp32 language model is made again from the GGUF there: a sixth of the size.
for folder in base onnx cache scene face; do
  if [ -d "$work/$folder" ]; then cp -rp "$work/$folder" "$stage/training/work/"; fi
done
rm -f "$stage"/training/work/base/{unigrams.txt,words.txt,face_mesh_assets*,facenet.pb} "$stage"/training/work/*/checkpoint.pt
for folder in faces memes scenes; do
  if [ -d "$data/$folder" ]; then cp -rp "$data/$folder" "$stage/data/"; fi
done

tar -C "$stage" -cf - training data | gzip -1 | split -b 60000000 -d - "$out/part-"
(cd "$out" && sha256sum part-* >SHA256SUMS)
cat >"$out/unpack.sh" <<'UNPACK'
#!/usr/bin/env bash
# In the folder with all parts: checks them and unpacks training/ and data/ into the folder given (default: here).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
to=$(realpath "${1:-.}")
sha256sum --check --quiet SHA256SUMS
cat part-* | tar -C "$to" -xzf -
echo "Now, with the packages of training/requirements.txt installed:"
echo "  export EMOLLM_DATA=$to/data; cd $to/training; make PYTHON=python3 base language export"
UNPACK
chmod +x "$out/unpack.sh"
ls -l "$out"
