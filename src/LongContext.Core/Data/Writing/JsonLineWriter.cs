using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LongContext.Data.Writing;

/// <summary>Writes lines of JSON, in memory of one line or of a part of a long text.</summary>
internal sealed class JsonLineWriter : IDisposable
{
    private const int KeptBuffer = 1 << 20;

    /// <summary>Characters that are written at once; .NET refuses strings of more than 166,666,666.</summary>
    private const int LongestPart = 1 << 24;

    private readonly Stream target;
    private ArrayBufferWriter<byte> line = new();

    public JsonLineWriter(Stream target)
    {
        this.target = target;
        Json = new Utf8JsonWriter(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>Takes the line's values.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Writes a property that is a text of any length.</summary>
    public void WriteText(string name, string text)
    {
        if (text.Length <= LongestPart)
        {
            Json.WriteString(name, text);
            return;
        }

        Json.WritePropertyName(name);
        for (int start = 0; start < text.Length; start += LongestPart)
        {
            int length = Math.Min(LongestPart, text.Length - start);
            Json.WriteStringValueSegment(text.AsSpan(start, length), isFinalSegment: start + length == text.Length);
            Drain();
        }
    }

    /// <summary>Ends the line.</summary>
    public void EndLine()
    {
        Drain();
        target.WriteByte((byte)'\n');
        if (line.Capacity > KeptBuffer) line = new ArrayBufferWriter<byte>();
        Json.Reset(line);
    }

    public void Dispose() => Json.Dispose();

    private void Drain()
    {
        Json.Flush();
        target.Write(line.WrittenSpan);
        line.ResetWrittenCount();
    }
}
