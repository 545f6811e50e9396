namespace LongContext.Evaluation.Tasks.Records;

/// <summary>How records say which of their choices is right.</summary>
public enum ChoiceAnswerForm
{
    /// <summary>By its letter ("B") or by its text; a text comes first.</summary>
    LetterOrText,

    /// <summary>By its number from 0, as MMLU has it.</summary>
    NumberFrom0,

    /// <summary>By its number from 1.</summary>
    NumberFrom1,
}
