/** Settings of traces. Their names are OpenTelemetry's own, whose further OTEL_* variables its packages read themselves. */
import { optionalSetting, setting } from './setting.ts';
import { baseUrl, headerValue } from './setting-kinds.ts';

export const telemetrySettings = {
  otlpEndpoint: optionalSetting('OTEL_EXPORTER_OTLP_ENDPOINT', baseUrl, {
    unit: 'URL',
    description: 'Where traces go, as OTLP over HTTP (/v1/traces is appended); unset: nothing is traced.',
  }),
  otelServiceName: setting('OTEL_SERVICE_NAME', headerValue, 'batch-video', {
    unit: 'text',
    description: 'Name of the service in traces.',
  }),
} as const;
