import type { Channel } from "./channel.js";
import { DiscordChannel } from "./channels/discord.js";
import { MqttChannel } from "./channels/mqtt.js";
import { SmtpChannel } from "./channels/smtp.js";
import { SyslogChannel } from "./channels/syslog.js";
import { WebhookChannel } from "./channels/webhook.js";
import type { ChannelSettings } from "./read-channel.js";

/** Makes a channel; nothing is sent or connected yet. */
export function openChannel(settings: ChannelSettings): Channel {
  switch (settings.channel) {
    case "discord":
      return new DiscordChannel(settings);
    case "webhook":
      return new WebhookChannel(settings);
    case "smtp":
      return new SmtpChannel(settings);
    case "mqtt":
      return new MqttChannel(settings);
    case "syslog":
      return new SyslogChannel(settings);
  }
}
