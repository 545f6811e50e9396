namespace LongContext.Chat;

/// <summary>How a conversation is written; the counterparts of what transformers' <c>apply_chat_template</c> takes.</summary>
public sealed record ChatRenderOptions
{
    internal static ChatRenderOptions Default { get; } = new();

    /// <summary>
    /// Whether the text ends with the words that open an assistant's turn ("add_generation_prompt"). Default: false. A format whose
    /// template knows no such choice (Llama 2, Mistral, the first Phi-3) leaves it unheeded.
    /// </summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>
    /// Whether the text stops after the last turn's content, an assistant's, so that the model goes on with it
    /// ("continue_final_message"). Default: false. Not together with <see cref="AddGenerationPrompt"/>.
    /// </summary>
    public bool ContinueFinalTurn { get; init; }

    /// <summary>
    /// Whether the model shall think first ("enable_thinking"; Granite's "thinking"). Null, the default, leaves it to the template:
    /// yes for Qwen3 and SmolLM3, no for Granite. Formats without thinking leave it unheeded.
    /// </summary>
    public bool? EnableThinking { get; init; }

    /// <summary>
    /// The date that a system block tells the model (Llama 3.1 and later, Granite, SmolLM3). Null, the default: the date that the
    /// template fixes (Llama 3.1: 26 Jul 2024), else today's by <see cref="TimeProvider"/>.
    /// </summary>
    public DateOnly? Date { get; init; }

    /// <summary>Where today's date comes from, in its local time zone. Default: the system's clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// The functions that the model may call ("tools"), in the order in which it reads of them. Default: none. Only for formats with
    /// <see cref="ChatFormat.ToolCalls"/>.
    /// </summary>
    public IReadOnlyList<ChatTool> Tools { get; init; } = [];

    internal DateOnly DateOrToday() => Date ?? DateOnly.FromDateTime(TimeProvider.GetLocalNow().DateTime);
}
