using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LongContext.AspNetCore.Protocol;
using Microsoft.AspNetCore.Http;

namespace LongContext.AspNetCore.Serving;

/// <summary>Writes a response; a client that does not read it in time loses its connection.</summary>
#pragma warning disable CA1001 // The JSON writer holds no more than a buffer of the response's.
internal sealed class AnswerWriter(HttpContext context, TimeSpan patience)
#pragma warning restore CA1001
{
    private readonly PipeWriter pipe = context.Response.BodyWriter;
    private Utf8JsonWriter? json;

    /// <summary>Whether a stream of events has begun.</summary>
    public bool IsStream { get; private set; }

    /// <summary>A whole response.</summary>
    public async Task WriteAsync<T>(int status, T body, JsonTypeInfo<T> type)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        response.ContentLength = bytes.Length;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await Guard(pipe.WriteAsync(bytes, context.RequestAborted)).ConfigureAwait(false);
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
        pipe.Write("data: "u8);
        if (json is null) json = new Utf8JsonWriter(pipe, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        else json.Reset();
        JsonSerializer.Serialize(json, data, type);
        json.Flush();
        pipe.Write("\n\n"u8);
    }

    /// <summary>The last event.</summary>
    public void AddDone() => pipe.Write("data: [DONE]\n\n"u8);

    /// <summary>A line that clients leave out.</summary>
    public void AddComment() => pipe.Write(": waiting\n\n"u8);

    public Task FlushAsync() => Guard(pipe.FlushAsync(context.RequestAborted));

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

    private async Task Guard(ValueTask<FlushResult> flush)
    {
        FlushResult result;
        try
        {
            result = flush.IsCompleted ? await flush.ConfigureAwait(false) : await flush.AsTask().WaitAsync(patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ClientGoneException("The client did not read in time.");
        }

        if (result.IsCompleted || result.IsCanceled) throw new ClientGoneException("The client has gone.");
    }
}
