export { makeCertificate, type Certificate } from './certificate';
export { TestSmtp, type AcceptedMail, type SmtpReply } from './test-smtp';
