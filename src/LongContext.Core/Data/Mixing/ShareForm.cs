namespace LongContext.Data.Mixing;

/// <summary>What is made of a share's examples.</summary>
internal enum ShareForm
{
    /// <summary>Nothing; texts longer than the context are cut.</summary>
    AsTheyAre,

    /// <summary>Texts are denoised, in pieces that fit.</summary>
    Denoised,

    /// <summary>As many as fit are packed into one sequence, as in-context examples.</summary>
    InContext,
}
