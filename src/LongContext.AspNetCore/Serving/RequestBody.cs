using System.Text.Json;
using LongContext.AspNetCore.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace LongContext.AspNetCore.Serving;

/// <summary>A request's body, read whole within the limits; its bytes count against the budget until it is disposed.</summary>
internal sealed class RequestBody(BodyBudget budget, OpenAIServerOptions limits) : IDisposable
{
    private const int FirstBytes = 4 << 10;
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];
    private byte[] buffer = [];
    private long taken;
    private int length;

    /// <exception cref="ProtocolException">It is too large, of another type, or there is no room for it now.</exception>
    /// <exception cref="BadHttpRequestException">It comes too slowly, or not as HTTP has it.</exception>
    public async Task ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
            throw ProtocolException.WrongContentType(request.ContentType is { Length: > 100 } other ? other[..100] + "…" : request.ContentType);
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && !(encoding.Count == 1 && string.Equals(encoding[0], "identity", StringComparison.OrdinalIgnoreCase))) throw new ProtocolException(415, "The body is compressed, expected it as it is.", "invalid_request_error", "unsupported_media_type");
        if (request.ContentLength > limits.MaximumBodyBytes) throw ProtocolException.TooLarge(limits.MaximumBodyBytes);
        Grow((int)Math.Min(request.ContentLength + 1 ?? FirstBytes, FirstBytes));
        while (true)
        {
            // One byte more than may be tells a body that is just as large from one that is larger.
            if (length == buffer.Length) Grow((int)Math.Min(2L * length, limits.MaximumBodyBytes + 1));
            int read = await ReadAsync(request.Body, cancellationToken).ConfigureAwait(false);
            if (read == 0) break;
            length += read;
            if (length > limits.MaximumBodyBytes) throw ProtocolException.TooLarge(limits.MaximumBodyBytes);
        }
    }

    private async ValueTask<int> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            // What Kestrel makes of trailers behind the last chunk that hold a zero or are no UTF-8.
            throw ProtocolException.Bad("The headers behind the body's last chunk are no valid text.", code: "bad_http");
        }
    }

    /// <summary>Reads it as JSON; the bytes are let go of after.</summary>
    public T Parse<T>(Func<JsonElement, OpenAIServerOptions, T> read)
    {
        ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, length);
        if (bytes.Span.StartsWith(ByteOrderMark)) bytes = bytes[ByteOrderMark.Length..];
        if (bytes.Length == 0) throw ProtocolException.Bad("The body is empty, expected a JSON object.");
        try
        {
            using JsonDocument document = Document(bytes);
            return read(document.RootElement, limits);
        }
        finally
        {
            LetGo();
        }
    }

    public void Dispose()
    {
        LetGo();
        budget.Return(taken);
        taken = 0;
    }

    private JsonDocument Document(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = limits.MaximumJsonDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            string where = e.LineNumber is { } line && e.BytePositionInLine is { } position ? $" at line {line + 1}, byte {position + 1}" : "";
            throw ProtocolException.Bad($"The body is no JSON{where}, or is nested deeper than {limits.MaximumJsonDepth} levels, or has a field twice.", code: "invalid_json");
        }
        catch (InvalidOperationException)
        {
            // The search for fields that are there twice reads their names.
            throw ProtocolException.Bad("The body has a field whose name is no valid text: its bytes are not UTF-8, or an escape spells half a character.", code: "invalid_json");
        }
    }

    private void Grow(int size)
    {
        if (!budget.TryTake(size - buffer.Length)) throw ProtocolException.Unavailable("The server holds as many bytes of requests as it may: try again later.", TimeSpan.FromSeconds(1));
        taken += size - buffer.Length;
        Array.Resize(ref buffer, size);
    }

    private void LetGo() => buffer = [];
}
