/* A file on its way to the server, in pieces: a piece that fails is sent again, and the whole can be stopped. */
import { ApiError, isAbort, postJson, putBytes } from '../../lib/api';
import type { Upload } from '../../lib/types';

const TRIES = 3;
const PAUSE_MS = 400;

export interface Sent {
  bytes: number;
  all: number;
}

export async function sendFile(file: File, progress: (s: Sent) => void, signal: AbortSignal): Promise<Upload> {
  const upload = await postJson<Upload>('/api/v1/uploads', { name: file.name, bytes: file.size }, signal);
  let at = upload.received;
  progress({ bytes: at, all: file.size });
  while (at < file.size) {
    const piece = file.slice(at, Math.min(file.size, at + upload.part_bytes));
    at = await sendPiece(`/api/v1/uploads/${encodeURIComponent(upload.id)}/${at}`, piece, signal);
    progress({ bytes: at, all: file.size });
  }
  return upload;
}

async function sendPiece(path: string, piece: Blob, signal: AbortSignal): Promise<number> {
  for (let tried = 1; ; tried++) {
    try {
      return (await putBytes<{ received: number }>(path, piece, signal)).received;
    } catch (e) {
      if (isAbort(e) || !(e instanceof ApiError) || !e.retryable || tried >= TRIES) throw e;
      await new Promise((done) => setTimeout(done, PAUSE_MS * tried));
      signal.throwIfAborted();
    }
  }
}
