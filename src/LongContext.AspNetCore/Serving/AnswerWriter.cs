using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LongContext.AspNetCore.Protocol;
using Microsoft.AspNetCore.Http;

namespace LongContext.AspNetCore.Serving;

/// <summary>Writes a response, piece by piece; a client that does not read each in time, or all of them, loses its connection.</summary>
#pragma warning disable CA1001 // The JSON writer holds no more than a buffer of its own.
internal sealed class AnswerWriter(HttpContext context, OpenAIServerOptions limits, TimeProvider clock)
#pragma warning restore CA1001
{
    /// <summary>Bytes that the connection is given at once: what a slow reader must take within its time.</summary>
    public const int PieceBytes = 32 << 10;

    /// <summary>Bytes for events that are kept for the next ones.</summary>
    private const int MostKept = 1 << 20;

    private readonly PipeWriter pipe = context.Response.BodyWriter;
    private ArrayBufferWriter<byte> events = new();
    private Utf8JsonWriter? json;

    /// <summary>Whether a stream of events has begun.</summary>
    public bool IsStream { get; private set; }

    /// <summary>Whether the events that were added are a piece already.</summary>
    public bool IsFull => events.WrittenCount >= PieceBytes;

    /// <summary>A whole response.</summary>
    public Task WriteAsync<T>(int status, T body, JsonTypeInfo<T> type)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        response.ContentLength = bytes.Length;
        // While a slow client reads there are the bytes only, and no more what they were made of.
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : SendAsync(bytes);
    }

    /// <summary>Begins a stream of server-sent events.</summary>
    public void BeginStream()
    {
        IsStream = true;
        HttpResponse response = context.Response;
        response.StatusCode = 200;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        // nginx and its like would gather the pieces.
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Adds an event; goes out with the next flush.</summary>
    public void AddEvent<T>(T data, JsonTypeInfo<T> type)
    {
        events.Write("data: "u8);
        if (json is null) json = new Utf8JsonWriter(events, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        else json.Reset(events);
        JsonSerializer.Serialize(json, data, type);
        json.Flush();
        events.Write("\n\n"u8);
    }

    /// <summary>The last event.</summary>
    public void AddDone() => events.Write("data: [DONE]\n\n"u8);

    /// <summary>A line that clients leave out.</summary>
    public void AddComment() => events.Write(": waiting\n\n"u8);

    /// <summary>Sends the events that were added.</summary>
    public async Task FlushAsync()
    {
        await SendAsync(events.WrittenMemory).ConfigureAwait(false);
        if (events.Capacity > MostKept) events = new ArrayBufferWriter<byte>();
        else events.ResetWrittenCount();
    }

    /// <summary>An error as the whole response, or as the last event of a stream that has begun.</summary>
    public async Task WriteErrorAsync(ProtocolException fault)
    {
        var body = new ErrorBody(new ErrorDetail(fault.Message, fault.Type, fault.Parameter, fault.Code));
        HttpResponse response = context.Response;
        if (IsStream)
        {
            AddEvent(body, ProtocolJson.Plain.ErrorBody);
            await FlushAsync().ConfigureAwait(false);
            return;
        }

        if (fault.RetryAfter is { } wait) response.Headers.RetryAfter = AccessControl.RetryAfter(wait);
        if (fault.Allow is { } allow) response.Headers.Allow = allow;
        if (fault.Status == 401) response.Headers.WWWAuthenticate = "Bearer";
        await WriteAsync(fault.Status, body, ProtocolJson.Plain.ErrorBody).ConfigureAwait(false);
    }

    /// <summary>Hands bytes over as the client takes them, so that the time counts for each piece, and the connection holds no more than one or two.</summary>
    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        long began = clock.GetTimestamp();
        for (int at = 0; at < bytes.Length; at += PieceBytes)
        {
            // Nor may a reader that takes the least there is hold on to a long answer for ever.
            if (clock.GetElapsedTime(began) > limits.RequestTimeout) throw new ClientGoneException("The client did not read the answer in time.");
            await Guard(pipe.WriteAsync(bytes.Slice(at, Math.Min(PieceBytes, bytes.Length - at)), context.RequestAborted)).ConfigureAwait(false);
        }
    }

    private async Task Guard(ValueTask<FlushResult> flush)
    {
        FlushResult result;
        try
        {
            result = flush.IsCompleted ? await flush.ConfigureAwait(false) : await flush.AsTask().WaitAsync(limits.SlowReaderTimeout, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ClientGoneException("The client did not read in time.");
        }

        if (result.IsCompleted || result.IsCanceled) throw new ClientGoneException("The client has gone.");
    }
}
