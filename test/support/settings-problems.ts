import { parseSettings, SettingsError } from '../../src/config/settings.js';

/** What is wrong with these settings; empty where they are usable. */
export function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}
