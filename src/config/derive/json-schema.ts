import type { Setting } from '../setting.ts';
import { settings } from '../settings/index.ts';
import { appliesText, defaultText } from './setting-facts.ts';

/** The JSON Schema of a JSON or YAML config file, as the text of `schema/tsunicorn.schema.json`. */
export function jsonSchemaText(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'tsunicorn configuration',
    description:
      'A config file of tsunicorn in JSON or YAML. Hooks are functions and need a TypeScript or JavaScript file.',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string', description: 'Where an editor finds this schema.' },
      ...Object.fromEntries(settings.map((setting) => [setting.name, propertyOf(setting)])),
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function propertyOf(setting: Setting): object {
  return {
    ...setting.schema,
    ...(Object.hasOwn(setting, 'default') ? { default: setting.default } : {}),
    examples: [setting.example],
    description: `${setting.summary} ${setting.details} Default: ${defaultText(setting)}. A change takes effect with ${appliesText(setting)}.`,
  };
}
