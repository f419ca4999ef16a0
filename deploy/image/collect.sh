#!/bin/sh
# Copies what the services and commands need at run time into a directory of its own.
#   collect.sh DIRECTORY
set -eu
target=$1
mkdir -p "$target"

for project in apps/* libs/*; do
  mkdir -p "$target/$project"
  cp "$project/package.json" "$target/$project/"
  for part in dist bin migrations templates; do
    [ ! -d "$project/$part" ] || cp -r "$project/$part" "$target/$project/"
  done
done
find "$target/apps" "$target/libs" -type d -name testing -prune -exec rm -r {} +
find "$target/apps" "$target/libs" -type f \( -name '*.spec.js' -o -name '*.spec.jsx' -o -name '*.d.ts' -o -name '*.map' -o -name '.tsbuildinfo' \) -delete

# Packages of the workspace are links to what was copied above; those of the tests lead nowhere.
cp -r node_modules "$target/"
cd "$target/node_modules"
# The image has its own Node.js; the compiler comes along as an optional peer of a library.
rm -rf node-linux-* typescript .bin .package-lock.json
find . -xtype l -delete
find . -type d \( -name test -o -name tests -o -name specs -o -name __tests__ -o -name docs -o -name .github \) -not -path './@nestjs/*' -prune -exec rm -r {} +
find . -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.tsx' -o -name '*.map' -o -name '*.md' -o -name '*.markdown' -o -name 'tsconfig*.json' \) -delete
cd - >/dev/null
find "$target" -type d -empty -delete

mkdir "$target/image"
cp deploy/image/coldroom.sh deploy/image/healthy.js "$target/image/"
cp docs/omero-grants.sql package.json LICENSE "$target/"
