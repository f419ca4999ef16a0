import { messageOf, Refused, Transient, type ColdroomError } from '@coldroom/domain';

/** What nodemailer adds to its errors. */
interface SmtpFailure {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** The steps of a conversation that concern this mail; failures before are those of the server or of the settings. */
const stepsOfTheMail: readonly (string | undefined)[] = ['RCPT TO', 'DATA'];

/**
 * What a failed attempt means. `Refused` `MAIL_REFUSED`: the server never accepts this mail. `Transient` `MAIL_DEFERRED`:
 * it did not accept it this time, or did not answer after the last byte. `Transient` `MAIL_SERVER_UNAVAILABLE`: no mail can be sent at all, or none with these
 * settings.
 */
export function judgeFailure(error: unknown, lastByte = false): ColdroomError {
  const { code, command, response, responseCode } = error as SmtpFailure;
  const answer = response ?? messageOf(error);
  // Refused before the server was asked: an envelope that no server takes.
  if (code === 'EENVELOPE' && command === 'API') return new Refused('MAIL_REFUSED', answer, {}, { cause: error });
  if ((!stepsOfTheMail.includes(command) && !lastByte) || responseCode === 530)
    return new Transient('MAIL_SERVER_UNAVAILABLE', answer, {}, { cause: error });
  return responseCode !== undefined && responseCode >= 500
    ? new Refused('MAIL_REFUSED', answer, {}, { cause: error })
    : new Transient('MAIL_DEFERRED', answer, {}, { cause: error });
}
