#!/usr/bin/env node
import { assetsCommand } from '../dist/node/assets-command.js'

process.exitCode = await assetsCommand(process.argv.slice(2), process.stdout, process.stderr)
