/** `npm run docs`: pages and API reference become one static site in docs/site, which opens from the folder. Any dead link fails it. */
import { checkSite } from './check-site.js'
import { site } from './paths.js'
import { renderSite } from './render.js'
import { stagePages } from './stage.js'

await renderSite(stagePages())
const { pages, links } = checkSite(site)
console.log(`docs/site: ${pages} pages, ${links} links, none dead. Open docs/site/index.html.`)
