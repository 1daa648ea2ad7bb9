import { PARTS, portVariable } from '../parts.js';
import { isPortFree } from '../process/ports.js';
import { type Settings, SettingsError } from '../settings.js';

/** Throws, before anything is started, naming each taken port and the variable that moves it. */
export async function refuseTakenPorts({ ports }: Settings): Promise<void> {
  const lines: string[] = [];
  for (const { name } of PARTS) {
    if (await isPortFree(ports[name])) continue;
    lines.push(`Port ${ports[name]} for ${name} is taken. Set ${portVariable(name)} to a free one.`);
  }
  if (lines.length > 0) throw new SettingsError(lines.join('\n'));
}
