namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>How an answer about a needle is scored where no judge does it.</summary>
public enum NeedleScoring
{
    /// <summary>The share of key phrases that the answer holds, upper and lower case alike.</summary>
    KeyPhrases,

    /// <summary>ROUGE-L's F1 of the answer against the right one, as Google's package has it.</summary>
    RougeL,
}
