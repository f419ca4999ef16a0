export { isAddress, mailboxOf, oneLine, parseMailbox, type Mailbox } from './addresses';
export { Sender, type Letter, type SenderSettings } from './sender';
export { smtpOptions, type SmtpLimits } from './smtp-url';
export { templateNames, Templates, type Rendered, type TemplateName } from './templates';
