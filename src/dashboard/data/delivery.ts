/** A webhook delivery as the API shows it (GET /webhook-deliveries): what this page reads of it. */
export interface DeliveryView {
  readonly id: string;
  readonly batch_id: string;
  readonly type: string;
  readonly url: string | null;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly error: string | null;
  readonly created_at: string;
  readonly next_attempt_at: string | null;
  readonly attempts: readonly {
    readonly at: string;
    readonly duration_ms: number;
    readonly status: number | null;
    readonly error: string | null;
    readonly response: string | null;
  }[];
}
