npm install --global pnpm
