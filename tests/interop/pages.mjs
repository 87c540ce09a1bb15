// What a browser would do on the pages of our provider, which work without scripts: keep cookies, fill forms in, follow our redirects.
export class Browser {
  constructor(home) {
    this.home = home
    this.cookies = new Map()
  }

  async go(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(url, this.home), { redirect: 'manual', ...options, headers: { ...options.headers, cookie } })
    for (const set of answer.headers.getSetCookie()) {
      const [name, value] = set.split(';')[0].split(/=(.*)/)
      this.cookies.set(name, value)
    }
    const target = answer.headers.get('location')
    if (target?.startsWith('/')) return this.go(target)
    return { page: await answer.text(), left: target && new URL(target) }
  }

  // Send the form of a page with what was typed; another place than our own is where it stops.
  async fill({ page }, typed) {
    const action = /<form method="post" action="([^"]+)">/.exec(page)[1]
    const hidden = [...page.matchAll(/<input type="hidden" name="([a-z_]+)" value="([^"]*)">/g)]
    const form = Object.fromEntries(hidden.map(([, name, value]) => [name, value.replaceAll('&amp;', '&')]))
    const headers = { 'sec-fetch-site': 'same-origin' }
    return this.go(action, { method: 'POST', headers, body: new URLSearchParams({ ...form, ...typed }) })
  }
}
