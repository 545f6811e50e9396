using LongContext.Chat.Formats;

namespace LongContext.Chat.Templates;

/// <summary>The formats that can be asked for by name, with their models' special tokens.</summary>
internal static class NamedFormats
{
    private const string LlamaBegin = "<|begin_of_text|>";
    private const string Begin = "<s>";
    private const string End = "</s>";

    private static readonly OrderedDictionary<string, Func<ChatFormat>> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["llama2"] = () => new Llama2Format(Begin, End),
        ["llama3"] = () => Llama3Formats.Version30(LlamaBegin),
        ["llama3.1"] = () => Llama3Formats.Version31(LlamaBegin),
        ["llama3.2"] = () => Llama3Formats.Version32(LlamaBegin),
        ["chatml"] = () => ChatMlFormats.Create("chatml", null),
        ["qwen2"] = () => ChatMlFormats.Create("qwen2", ChatMlFormats.Qwen2System),
        ["qwen2.5"] = () => new QwenFormat("qwen2.5", ChatMlFormats.Qwen25System),
        ["qwen3"] = () => new Qwen3Format(),
        ["qwen3-instruct"] = () => new QwenFormat("qwen3-instruct", null),
        ["qwen3-thinking"] = () => new Qwen3Format(alwaysThinks: true),
        ["mistral-0.1"] = () => MistralFormats.Instruct01(Begin, End),
        ["mistral-0.2"] = () => MistralFormats.Instruct02(Begin, End),
        ["mistral-v1"] = () => MistralFormats.Version1(Begin, End),
        ["mistral-v3"] = () => MistralFormats.Version3(Begin, End),
        ["mistral-nemo"] = () => MistralFormats.Nemo(Begin, End),
        ["mistral-v7"] = () => MistralFormats.Version7(Begin, End),
        ["mistral-v7-tekken"] = () => MistralFormats.Version7Tekken(Begin, End),
        ["gemma"] = () => new GemmaFormat("gemma", "<bos>", takesSystem: false),
        ["gemma3"] = () => new GemmaFormat("gemma3", "<bos>", takesSystem: true),
        ["phi3"] = () => PhiFormats.Version3("phi3", "", "<|endoftext|>", skipsEmptySystem: false),
        ["phi3-first"] = () => PhiFormats.Version3First(Begin),
        ["phi3.5"] = () => PhiFormats.Version3("phi3.5", "", "<|endoftext|>", skipsEmptySystem: true),
        ["phi4"] = PhiFormats.Version4,
        ["phi4-first"] = PhiFormats.Version4First,
        ["phi4-mini"] = () => PhiFormats.Version4Mini("<|endoftext|>"),
        ["granite-3.0"] = GraniteFormats.Version30,
        ["granite-3.1"] = GraniteFormats.Version31,
        ["granite-3.2"] = GraniteFormats.Version32,
        ["granite-3.3"] = GraniteFormats.Version33,
        ["smollm3"] = () => new SmolLm3Format("smollm3", showsDate: true, canOverride: true, endsSystem: false, takesTools: true),
        ["olmo2"] = () => new OlmoFormat("olmo2", "<|endoftext|>", "<|endoftext|>"),
        ["tulu3"] = () => new OlmoFormat("tulu3", "", "<|end_of_text|>"),
        ["deepseek-r1"] = () => new DeepSeekR1Format("<｜begin▁of▁sentence｜>"),
        ["zephyr"] = () => ZephyrFormats.Create(End),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Formats.Keys];

    public static ChatFormat? TryCreate(string name) => Formats.TryGetValue(name, out Func<ChatFormat>? create) ? create() : null;
}
