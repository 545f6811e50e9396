namespace LongContext.Evaluation.Support;

/// <summary>What the stub server does with one request.</summary>
internal sealed record StubReply(string Text)
{
    public int Status { get; init; } = 200;

    /// <summary>Further header lines.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>The body in place of a completion, or null.</summary>
    public string? Body { get; init; }

    /// <summary>Ends the stream after so many pieces, as if that were all, or null.</summary>
    public int? PiecesUntilEnd { get; init; }

    /// <summary>Closes the connection after this share of the body, or null.</summary>
    public double? ShareUntilCut { get; init; }

    /// <summary>Waits before answering.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Never answers.</summary>
    public bool Hangs { get; init; }

    public static StubReply Error(int status, string code = "error", params string[] headers) =>
        new(string.Empty) { Status = status, Headers = headers, Body = $$$"""{"error":{"message":"{{{code}}} happened","type":"{{{code}}}","code":"{{{code}}}"}}""" };
}
