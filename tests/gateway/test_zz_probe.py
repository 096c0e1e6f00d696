import json, pytest, time
from pathlib import Path
from tests.gateway.walk import VISITS, walking, not_visited
AXE = Path("/tmp/w/access-deps/axe_playwright_python-0.1.8-py3-none-any/axe_playwright_python/axe.min.js").read_text()
OUT = Path("/tmp/w/access-deps/out"); OUT.mkdir(exist_ok=True)
LATIN = """() => { const out = []; const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
 while (w.nextNode()) { const n = w.currentNode, e = n.parentElement; if (e.closest("script,style,[lang=en],.code,code,pre,kbd")) continue; if (!e.checkVisibility()) continue; if (n.data.trim()) out.push(n.data.trim()); }
 for (const e of document.querySelectorAll("[aria-label],[title],[placeholder],[alt]")) for (const a of ["aria-label","title","placeholder","alt"]) if (e.getAttribute(a)) out.push("@" + e.getAttribute(a));
 out.push("T:" + document.title);
 return [...new Set(out)]; }"""
async def test_probe(temporal, tmp_path):
    assert not not_visited()
    t0=time.time()
    found = {}
    async with walking(temporal, tmp_path, "probe-oil") as walk:
        print("ready", time.time()-t0)
        await walk.context.add_init_script(AXE)
        for v in VISITS:
            try:
                page = await walk.go(v)
            except Exception as e:
                print("FAIL", v, str(e)[:600]); continue
            for scheme in ("light",):
                for w in (390,):
                    await page.emulate_media(color_scheme=scheme)
                    await page.set_viewport_size({"width": w, "height": 900})
                    t=time.time()
                    r = await page.evaluate("axe.run(document, {resultTypes:['violations','incomplete']})")
                    dt=time.time()-t
                    for x in r["violations"]:
                        found.setdefault((x["id"], x["help"]), []).append((str(v), scheme, w, [(n["target"], n["html"][:150], n["failureSummary"][:300]) for n in x["nodes"]][:3]))
            for x in []:
                found.setdefault(("incomplete",x["id"], x["help"]), []).append((str(v), scheme, w, [(n["target"], n["html"][:150], n["failureSummary"][:300]) for n in x["nodes"]][:3]))
            if "--" not in str(v):
                await page.emulate_media(media="print")
                n = await page.locator("button:visible, .button:visible, input:visible, select:visible, textarea:visible").evaluate_all("l=>l.map(e=>e.outerHTML.slice(0,120))")
                if n: print("  PRINT", n[:4], len(n))
                await page.emulate_media(media="screen")
            await page.emulate_media(color_scheme="light"); 
            await page.screenshot(path=str(OUT/f"{str(v).replace(' ','_').replace(':','')}.png"))
            print(v, round(dt,2), round(time.time()-t0,1))
        import re
        await walk.speak("ru")
        await walk.page.set_viewport_size({"width": 1440, "height": 900})
        print("RUSSIAN")
        for v in VISITS:
            page = await walk.go(v)
            t = await page.evaluate(LATIN)
            print(v, [x for x in t if re.search(r"[A-Za-z]{2,}", x)])
    for k, vs in found.items():
        print("==", k, len(vs))
        seen=set()
        for one in vs:
            for n in one[3]:
                if str(n[:2]) not in seen:
                    seen.add(str(n[:2])); print("   ", one[:3], n)
