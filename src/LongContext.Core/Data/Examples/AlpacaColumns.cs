namespace LongContext.Data.Examples;

/// <summary>How instructions stand in records, and the text that is made of them.</summary>
/// <remarks>
/// The prompts are those of Stanford Alpaca's training program (Taori et al. 2023): they end with the colon of "### Response:", and the output follows at once.
/// Other programs put a line feed there; <see cref="PromptWithInput"/> and <see cref="PromptWithoutInput"/> take any text.
/// </remarks>
public sealed record AlpacaColumns
{
    /// <summary>What stands in a prompt for the instruction.</summary>
    public const string InstructionMark = "{instruction}";

    /// <summary>What stands in a prompt for the input.</summary>
    public const string InputMark = "{input}";

    /// <summary>A short name, for people. Default: Alpaca.</summary>
    public string Name { get; init; } = "Alpaca";

    /// <summary>The field with the instruction. Default: instruction.</summary>
    public string Instruction { get; init; } = "instruction";

    /// <summary>The field with what the instruction is about; it may be missing or empty. Default: input.</summary>
    public string Input { get; init; } = "input";

    /// <summary>The field with the answer. Default: output.</summary>
    public string Output { get; init; } = "output";

    /// <summary>The prompt of a record with an input; <see cref="InstructionMark"/> and <see cref="InputMark"/> stand in it once each. Default: Alpaca's.</summary>
    public string PromptWithInput { get; init; } =
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        + "Write a response that appropriately completes the request.\n\n"
        + "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:";

    /// <summary>The prompt of a record without an input; <see cref="InstructionMark"/> stands in it once. Default: Alpaca's.</summary>
    public string PromptWithoutInput { get; init; } =
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
        + "### Instruction:\n{instruction}\n\n### Response:";

    /// <summary>
    /// Whether the example is a conversation for the model's own chat format instead: the user's turn is the instruction, an empty line and the input
    /// (where there is one), the assistant's is the output. Default: false.
    /// </summary>
    public bool AsChat { get; init; }

    /// <summary>All that decides what is made of a record.</summary>
    internal IEnumerable<string?> Settings() => [Instruction, Input, Output, PromptWithInput, PromptWithoutInput, AsChat ? "chat" : "prompt"];

    internal IEnumerable<string> FaultsOfSettings()
    {
        if (string.IsNullOrEmpty(Name)) yield return "Name is empty";
        if (string.IsNullOrEmpty(Instruction)) yield return "Instruction is empty";
        if (string.IsNullOrEmpty(Input)) yield return "Input is empty";
        if (string.IsNullOrEmpty(Output)) yield return "Output is empty";
        if (Times(PromptWithInput, InstructionMark) != 1 || Times(PromptWithInput, InputMark) != 1)
            yield return $"PromptWithInput must have {InstructionMark} and {InputMark} in it, once each";
        if (Times(PromptWithoutInput, InstructionMark) != 1 || Times(PromptWithoutInput, InputMark) != 0)
            yield return $"PromptWithoutInput must have {InstructionMark} in it once, and no {InputMark}";
    }

    private static int Times(string? text, string mark) => text is null ? 0 : text.Split(mark).Length - 1;
}
