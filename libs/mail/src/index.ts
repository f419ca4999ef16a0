export { isAddress, mailboxOf, oneLine, parseMailbox, type Mailbox } from './addresses';
export { Sender, type Letter, type SenderSettings } from './sender';
export { smtpAdvice } from './smtp-advice';
export { smtpOptions, type SmtpLimits } from './smtp-url';
export { isAlwaysSent, templateNames, Templates, type Rendered, type TemplateName } from './templates';
