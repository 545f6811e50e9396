namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>What a judge said of an answer.</summary>
public sealed record JudgeVerdict
{
    /// <summary>The judge's name. Required.</summary>
    public required string Judge { get; init; }

    /// <summary>The rating on the judge's scale, or null where none could be read.</summary>
    public required double? Rating { get; init; }

    /// <summary>The rating from 0 to 1: itself over the highest there is. Null where there is none.</summary>
    public required double? Score { get; init; }

    /// <summary>The judge's last words, or null where it could not be asked.</summary>
    public string? Reply { get; init; }

    /// <summary>How often it was asked. Default: 0.</summary>
    public int Attempts { get; init; }

    /// <summary>Why there is no rating, or null where there is one.</summary>
    public string? Fault { get; init; }
}
