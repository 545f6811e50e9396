namespace LongContext.Data.Making;

/// <summary>
/// How a model wants to be told of a document's prefix, suffix and middle: one text with {prefix}, {suffix} and {middle} for each order that it knows.
/// Where a model ends a middle as it ends any text, its end token is not part of the text: whoever encodes the text adds it.
/// </summary>
/// <param name="Name">Names it in settings and messages.</param>
/// <param name="PrefixSuffixMiddle">The order prefix, suffix, middle (PSM); null where the model does not know it, or nobody published its form. {middle} stands after both.</param>
/// <param name="SuffixPrefixMiddle">The order suffix, prefix, middle (SPM); null where the model does not know it, or nobody published its form. {middle} stands after both.</param>
public sealed record FillInTheMiddleFormat(string Name, string? PrefixSuffixMiddle, string? SuffixPrefixMiddle)
{
    /// <summary>StarCoder and StarCoder2 (Li et al. 2023, arXiv 2305.06161): &lt;fim_prefix&gt;, &lt;fim_suffix&gt;, &lt;fim_middle&gt;; both orders, SPM in its second variant.</summary>
    public static FillInTheMiddleFormat StarCoder { get; } = FromTokens("StarCoder", "<fim_prefix>", "<fim_suffix>", "<fim_middle>");

    /// <summary>SantaCoder (Ben Allal et al. 2023, arXiv 2301.03988): as StarCoder, with hyphens.</summary>
    public static FillInTheMiddleFormat SantaCoder { get; } = FromTokens("SantaCoder", "<fim-prefix>", "<fim-suffix>", "<fim-middle>");

    /// <summary>
    /// Code Llama (Rozière et al. 2023, arXiv 2308.12950): &lt;PRE&gt;, &lt;SUF&gt;, &lt;MID&gt; and &lt;EOT&gt; with the blanks that belong to their
    /// pieces; both orders, SPM in its second variant.
    /// </summary>
    public static FillInTheMiddleFormat CodeLlama { get; } = new(
        "CodeLlama", "<PRE> {prefix} <SUF>{suffix} <MID>{middle} <EOT>", "<PRE> <SUF>{suffix} <MID> {prefix}{middle} <EOT>");

    /// <summary>Qwen2.5-Coder (Hui et al. 2024, arXiv 2409.12186): &lt;|fim_prefix|&gt;, &lt;|fim_suffix|&gt;, &lt;|fim_middle|&gt;; PSM alone.</summary>
    public static FillInTheMiddleFormat Qwen25Coder { get; } = new(
        "Qwen2.5-Coder", "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>{middle}", null);

    /// <summary>DeepSeek-Coder (Guo et al. 2024, arXiv 2401.14196): &lt;｜fim▁begin｜&gt;, &lt;｜fim▁hole｜&gt;, &lt;｜fim▁end｜&gt; with full-width bars; PSM alone.</summary>
    public static FillInTheMiddleFormat DeepSeekCoder { get; } = new(
        "DeepSeek-Coder", "<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>{middle}", null);

    /// <summary>
    /// CodeGemma (2024, arXiv 2406.11409): the tokens of Qwen; the models end a middle with &lt;|file_separator|&gt;. PSM alone: they were trained on both orders,
    /// but the report shows how this one is written.
    /// </summary>
    public static FillInTheMiddleFormat CodeGemma { get; } = new(
        "CodeGemma", "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>{middle}<|file_separator|>", null);

    /// <summary>
    /// Codestral (Mistral AI 2024, mistral-common's encode_fim): [SUFFIX], [PREFIX] and no token before the middle; SPM alone. The blank before the prefix is the one
    /// that SentencePiece puts before a text.
    /// </summary>
    public static FillInTheMiddleFormat Codestral { get; } = new("Codestral", null, "[SUFFIX]{suffix}[PREFIX] {prefix}{middle}");

    /// <summary>A format of three tokens that knows both orders, as Bavarian et al. 2022 define them.</summary>
    /// <param name="name">Names it.</param>
    /// <param name="prefix">The token before the prefix.</param>
    /// <param name="suffix">The token before the suffix.</param>
    /// <param name="middle">The token before the middle.</param>
    /// <param name="end">A token after the middle. Default: none, so that the encoder's own ends it.</param>
    /// <param name="variant">Which SPM. Default: the second.</param>
    public static FillInTheMiddleFormat FromTokens(
        string name, string prefix, string suffix, string middle, string end = "", SpmVariant variant = SpmVariant.Second) => new(
        name,
        $"{prefix}{{prefix}}{suffix}{{suffix}}{middle}{{middle}}{end}",
        variant == SpmVariant.Second
            ? $"{prefix}{suffix}{{suffix}}{middle}{{prefix}}{{middle}}{end}"
            : $"{suffix}{{suffix}}{prefix}{{prefix}}{middle}{{middle}}{end}");

    internal void AddFaults(List<string> faults)
    {
        if (PrefixSuffixMiddle is null && SuffixPrefixMiddle is null) faults.Add($"the format {Name} knows no order");
        if (PrefixSuffixMiddle is { } psm && FillInTheMiddleTemplate.Fault(psm) is { } fault) faults.Add($"{nameof(PrefixSuffixMiddle)} {fault}");
        if (SuffixPrefixMiddle is { } spm && FillInTheMiddleTemplate.Fault(spm) is { } other) faults.Add($"{nameof(SuffixPrefixMiddle)} {other}");
    }
}
