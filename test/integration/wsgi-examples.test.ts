import { expect } from 'chai';
import { fetchText } from '../support/client.ts';
import { copyExample } from '../support/examples.ts';
import { pendingWithoutPython } from '../support/python.ts';
import { runServer } from '../support/server.ts';

/** What each example needs of Python's packages, how it is prepared, and what its page says. */
const examples = {
  django: { modules: ['django', 'whitenoise', 'sqlite3'], prepare: ['manage.py', 'prepare'], says: 'Middlemarch' },
  flask: { modules: ['flask'], prepare: ['-c', ''], says: '<h1>Notes</h1>' },
  bottle: { modules: ['bottle'], prepare: ['-c', ''], says: '<h1>Prices</h1>' },
};
const env = { DJANGO_DEBUG: '1' };

for (const [name, { modules, prepare, says }] of Object.entries(examples)) {
  describe(`examples/${name}`, () => {
    before(function () {
      pendingWithoutPython(this, modules);
    });

    it('is started by its one command, serves its page across a reload, and leaves nothing behind', async () => {
      const example = copyExample(name);
      try {
        example.python(prepare, env);
        const server = await example.start({ env });
        expect((await fetchText(server.url)).text).to.contain(says);
        server.signal('SIGHUP');
        await server.event('reload.finished');
        expect((await fetchText(server.url)).text).to.contain(says);
        await server.stop();
      } finally {
        example.remove();
      }
    });

    it('passes --check-config', async () => {
      const example = copyExample(name);
      try {
        example.python(prepare, env);
        const { code } = await runServer({
          flags: ['--config', `${example.dir}/tsunicorn.conf.ts`, '--check-config'],
          env,
        });
        expect(code).to.equal(0);
      } finally {
        example.remove();
      }
    });
  });
}
