namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>How LongBench v2's questions are asked.</summary>
public enum LongBenchV2Mode
{
    /// <summary>At once, with the text: 0shot.txt.</summary>
    ZeroShot,

    /// <summary>
    /// The model thinks aloud first, with the text (0shot_cot.txt), and is then asked for its answer by what it thought, without the text (0shot_cot_ans.txt).
    /// </summary>
    ChainOfThought,

    /// <summary>Without the text, which measures what the model knows already: 0shot_no_context.txt.</summary>
    NoContext,

    /// <summary>
    /// With the passages that the records bring along in their field <c>retrieved_context</c>: 0shot_rag.txt. Where they have none, ask by <see cref="ZeroShot"/> and let a
    /// strategy of the run search the text.
    /// </summary>
    RetrievedContext,
}
