import { serviceConfig } from '@ledgerline/service-kit';
import { z } from 'zod';

const positive = (expected: string) => z.coerce.number(expected).int(expected).min(1, expected);

const ADDRESS = 'expected an address such as alerts@example.com';
const FROM = `${ADDRESS}, or Ledgerline <alerts@example.com>`;
const ADDRESSES = 'expected addresses such as ops@example.com, separated by commas';
const SMTP = 'expected smtp(s)://USER:PASSWORD@HOST:PORT';
const isAddress = (text: string): boolean => z.email().safeParse(text).success;

/** The alerting service's environment. */
export const alertingConfig = serviceConfig
  .extend({
    LEASE_TTL_MS: positive('expected milliseconds').min(500).default(6_000),
    /** Limit of the QUOTA stream, should this service be the one to create it. */
    STREAM_MAX_BYTES: positive('expected bytes').default(8 * 1024 ** 3),
    /** Where mails about alerts are sent through; without it none are. It may have a password in it. */
    SMTP_URL: z.string().refine((text) => /^smtps?:\/\/[^/]/.test(text) && URL.canParse(text), SMTP).optional(),
    ALERT_EMAIL_FROM: z.string().refine((text) => isAddress(/^[^<>\r\n]*<([^<>]+)>$/.exec(text)?.[1] ?? text), FROM).optional(),
    /** The operator's, separated by commas. */
    ALERT_EMAIL_TO: z
      .string()
      .default('')
      .transform((text) => text.split(',').map((one) => one.trim()).filter((one) => one !== ''))
      .refine((all) => all.every(isAddress), ADDRESSES),
    /** Pause after a mail failed first; then twice as long each time, up to an hour. */
    ALERT_EMAIL_RETRY_MS: positive('expected milliseconds').default(5_000),
    /** For how long a mail is tried. */
    ALERT_EMAIL_GIVE_UP_MS: positive('expected milliseconds').default(24 * 60 * 60 * 1000),
  })
  .superRefine(({ SMTP_URL, ALERT_EMAIL_FROM, ALERT_EMAIL_TO }, context) => {
    if (SMTP_URL === undefined) return;
    if (ALERT_EMAIL_FROM === undefined) context.addIssue({ code: 'custom', path: ['ALERT_EMAIL_FROM'], message: FROM });
    if (ALERT_EMAIL_TO.length === 0) context.addIssue({ code: 'custom', path: ['ALERT_EMAIL_TO'], message: ADDRESSES });
  });

export type AlertingConfig = z.infer<typeof alertingConfig>;
