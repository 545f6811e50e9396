namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Where the model's beginning-of-sentence token stands when perplexity is measured by windows.</summary>
public enum WindowBeginning
{
    /// <summary>
    /// Before the document, as a tokenizer puts it: only the first window has it. So transformers' guide and the scripts after it do it.
    /// </summary>
    Document,

    /// <summary>Before each window, in place of one token of text; every window's first token of text is then predicted too.</summary>
    EveryWindow,

    /// <summary>Nowhere.</summary>
    Nowhere,
}
