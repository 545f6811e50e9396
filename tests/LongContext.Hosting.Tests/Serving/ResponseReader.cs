using System.Globalization;
using System.Text;

namespace LongContext.Hosting.Serving;

/// <summary>Reads HTTP answers off a connection, one behind the other, and checks that each is whole.</summary>
internal sealed class ResponseReader(Stream stream)
{
    private readonly byte[] buffer = new byte[16 << 10];
    private int at, end;

    /// <summary>An answer's status, and whether the connection ends with it.</summary>
    public async Task<(int Status, bool Closes)> ReadAsync(bool withoutBody, CancellationToken cancellationToken)
    {
        string first = await LineAsync(cancellationToken);
        Assert.StartsWith("HTTP/1.1 ", first, StringComparison.Ordinal);
        int status = int.Parse(first.AsSpan(9, 3), CultureInfo.InvariantCulture), length = 0;
        bool closes = false, chunked = false;
        for (string line; (line = await LineAsync(cancellationToken)).Length > 0;)
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(line.AsSpan(15), CultureInfo.InvariantCulture);
            else if (line.Equals("Connection: close", StringComparison.OrdinalIgnoreCase)) closes = true;
            else if (line.Equals("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)) chunked = true;
        }

        if (withoutBody) return (status, closes);
        if (!chunked)
        {
            await SkipAsync(length, cancellationToken);
            return (status, closes);
        }

        for (int size = -1; size != 0;)
        {
            size = int.Parse(await LineAsync(cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            await SkipAsync(size, cancellationToken);
            Assert.Equal("", await LineAsync(cancellationToken));
        }

        return (status, closes);
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (at == end) await FillAsync(cancellationToken);
            char c = (char)buffer[at++];
            if (c == '\n') return line.ToString().TrimEnd('\r');
            line.Append(c);
        }
    }

    private async Task SkipAsync(int count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (at == end) await FillAsync(cancellationToken);
            int taken = Math.Min(count, end - at);
            (at, count) = (at + taken, count - taken);
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        (at, end) = (0, await stream.ReadAsync(buffer, cancellationToken));
        Assert.True(end > 0, "the connection ended within an answer");
    }
}
