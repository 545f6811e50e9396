namespace LongContext.Generation;

/// <summary>
/// Attention sinks and a recent window (StreamingLLM): every token sees the text's first tokens, which models lean on whatever they say, and its latest ones. Memory and time per token stay the same however
/// long a text grows; what lies between is forgotten.
/// </summary>
/// <remarks>
/// <para>Xiao et al. 2024, "Efficient Streaming Language Models with Attention Sinks" (arXiv:2309.17453), §3.2, as a text that is given token by token. It holds for prompts too, so that chunks, company and
/// preemption change nothing: token i sees keys j &lt; <see cref="Sinks"/> and i − <see cref="Window"/> &lt; j ≤ i.</para>
/// <para>Up to <see cref="Window"/> tokens nothing differs, by no bit, from an answer without it; pages up to there are shared with other requests, and none behind.</para>
/// </remarks>
public sealed record AttentionSinks : TokenDropping
{
    /// <summary>First tokens that are always seen; 0 or more. Default 4, the paper's.</summary>
    public int Sinks { get; init; } = 4;

    /// <summary>Latest tokens that a token sees, itself included; at least 1. Required.</summary>
    public required int Window { get; init; }

    /// <summary>Where the sinks seem to stand once tokens were dropped. Default: as the paper has it, right before the window.</summary>
    public SinkPositions Positions { get; init; }

    /// <summary>The first key that a token sees besides the sinks.</summary>
    internal int FirstVisible(int position) => Math.Max(0, position - Window + 1);

    /// <summary>The position of a token's query where it looks at the sinks.</summary>
    internal int QueryPosition(int position) => Positions == SinkPositions.InCache ? Math.Min(position, Sinks + Window - 1) : position;

    internal override int Budget => Window;

    internal override IEnumerable<string> Faults()
    {
        if (Sinks < 0) yield return $"Sinks must be 0 or more, but is {Sinks}";
        if (Window < 1) yield return $"Window must be at least 1, but is {Window}";
        if (!Enum.IsDefined(Positions)) yield return $"Positions is {(int)Positions}, which is none of {string.Join(", ", Enum.GetNames<SinkPositions>())}";
        if ((long)Sinks + Window > int.MaxValue) yield return $"Sinks ({Sinks}) and Window ({Window}) are more together than {int.MaxValue}";
    }
}
