namespace LongContext.Evaluation;

/// <summary>How an answer is generated.</summary>
public sealed record AnswerSettings
{
    /// <summary>Tokens of the answer at most. Default: 128.</summary>
    public int MaximumNewTokens { get; init; } = 128;

    /// <summary>Tokens of the answer at least, for clients that know such a thing. Default: 0.</summary>
    public int MinimumNewTokens { get; init; }

    /// <summary>0 (the default) for the likeliest token each time.</summary>
    public double Temperature { get; init; }

    /// <summary>Draw among the likeliest tokens that have this probability together; null (the default) for all.</summary>
    public double? TopP { get; init; }

    /// <summary>Seed of the draws, or null (the default) to leave it to the client.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts that end an answer and are not part of it. Default: none.</summary>
    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>Tells apart requests that are the same otherwise, so that a model can be asked once more. Default: 0.</summary>
    public int Attempt { get; init; }
}
