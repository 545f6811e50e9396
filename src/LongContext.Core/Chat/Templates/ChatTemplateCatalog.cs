using LongContext.Chat.Formats;
using static LongContext.Chat.Formats.InstructionFormat.SystemPlace;

namespace LongContext.Chat.Templates;

/// <summary>
/// The templates that are known, by fingerprint. Each was rendered by Jinja beside the definition named here on random conversations.
/// </summary>
internal static class ChatTemplateCatalog
{
    private static readonly Dictionary<string, Func<Found, ChatFormat>> Formats = new(StringComparer.Ordinal)
    {
        // ChatML, with or without a beginning-of-sentence token
        ["dbe5585fc3d362107be57bcd19f34ce6"] = _ => ChatMlFormats.Create("chatml", null), // OpenHermes 2.5
        ["077fc94188e63b09c0b93adf7b5b308d"] = _ => ChatMlFormats.Create("chatml", null), // Dolphin 2.5
        ["fb905c410a225938610dd78d5a4c2d31"] = t => ChatMlFormats.Create("chatml", null, t.Beginning), // InternLM 2, Nous Hermes 2
        ["f6362d9a32eb69d4dc8a631a56baae0f"] = t => ChatMlFormats.Create("chatml", t.System, t.Beginning), // Hermes 3

        // Qwen; the default system prompt is read from the template
        ["65f446cbe2b1b963f8849f40e5b2121d"] = t => ChatMlFormats.Create("qwen2", t.System), // Qwen2, SmolLM2, OpenCoder
        ["f1deea9b76736cbc009e1fba13185396"] = t => new QwenFormat("qwen2.5", t.System), // Qwen2.5, Qwen2.5-Coder
        ["c39a55847c170088f3996fd11cc6c22d"] = t => new QwenFormat("qwen2.5", t.System) { DoublesBraces = true }, // Qwen2.5, braces of its tool example doubled
        ["dec1709699cb091b5402e6aa914fe476"] = t => new QwenFormat("qwen2.5", t.System), // the same with marks for training
        ["f8cd6ee00e1f760575a73e44d1803b62"] = _ => ChatMlFormats.Create("qwen2.5", ChatMlFormats.Qwen2System), // Qwen2.5-VL, text only
        ["810612c8c6269d91466921fb9f566517"] = _ => new Qwen3Format(), // Qwen3
        ["d17685cffb56a44a3984246a7b049e67"] = _ => new Qwen3Format(), // Qwen3, later
        ["cc2362c3dd62dfbc7d6e9dcfe2d2974a"] = _ => new Qwen3Format(), // Qwen3, in words that other engines know
        ["a4cb48ff97cf964c34a5b333109a10ed"] = _ => new Qwen3Format(alwaysThinks: true), // Qwen3-Thinking 2507
        ["c2c5df4bd4591114b35fe471d44b36bf"] = _ => new QwenFormat("qwen3-instruct", null), // Qwen3-Instruct 2507, which does not think
        ["915ff89694856cee11eed4877f46829e"] = _ => new QwenFormat("qwen3-instruct", null), // the same with marks for training

        // Llama
        ["79ab538c885bc0ba35658e3c271fbb39"] = t => new Llama2Format(t.Beginning, t.End), // Llama 2
        ["43a5a61cf6617de12e7d7cedf8336459"] = t => Llama3Formats.Version30(t.Beginning), // Llama 3
        ["7764fda6ecea6ec8e25bb03a3358f245"] = t => Llama3Formats.Version30(t.Beginning, alwaysPrompts: true), // Llama 3, first
        ["4b35f6265bf07df40e0a9c7696bf4173"] = t => Llama3Formats.Version30(t.Beginning), // Llama 3 with marks for training
        ["451322baa10c8323567311f18c7e4bd4"] = t => Llama3Formats.Version30(t.Beginning), // Llama 3 as Unsloth has it
        ["136645ea150f0601147c337767e9159e"] = t => Llama3Formats.Version31(t.Beginning), // Llama 3.1, 3.3
        ["e940a44713e4a370888f30104507d9a9"] = t => Llama3Formats.Version32(t.Beginning), // Llama 3.2

        // Mistral
        ["ea6bfae45a990163851b2a81e3866c50"] = t => MistralFormats.Instruct01(t.Beginning, t.End), // 7B-Instruct 0.1
        ["f66f8e755d9c0a15e9cfe84609ea9aa2"] = t => MistralFormats.Instruct02(t.Beginning, t.End), // 7B-Instruct 0.2, Mixtral 8x7B, both first
        ["2d44d53e3c5ca6ff13e785df529880bf"] = t => MistralFormats.Version1(t.Beginning, t.End), // 7B-Instruct 0.2, Mixtral 8x7B
        ["7d4e7ae6e1d8db1962f9c4ff045182c6"] = t => MistralFormats.Version3WithoutTools(t.Beginning, t.End), // Mixtral 8x22B
        ["5d976fb36633c8c34d7c6c9652e98d59"] = t => MistralFormats.Version3(t.Beginning, t.End), // 7B-Instruct 0.3, Large 2407
        ["e8d44060f8427011a7555f4efeda5115"] = t => MistralFormats.Version3(t.Beginning, t.End, LastUser), // the same, earlier
        ["51e984cce8d665d744761113ee54260c"] = t => MistralFormats.Nemo(t.Beginning, t.End), // Nemo 2407
        ["83e376e1c85d2b423cbf31520e201748"] = t => MistralFormats.Nemo(t.Beginning, t.End), // Nemo 2407, first
        ["55af30eb8e57edb963771764161a06e9"] = t => MistralFormats.Version7(t.Beginning, t.End), // Large 2411
        ["8ac228512414bf104b3154f4fc6dea0f"] = t => MistralFormats.Version7Tekken(t.Beginning, t.End), // Small 2501, without a default system prompt

        // Gemma
        ["ed38739d833d57d7e054ab80c8994f7f"] = t => new GemmaFormat("gemma", t.Beginning, takesSystem: false), // Gemma, Gemma 2
        ["150279e07f278b65af8a82c528801541"] = _ => new GemmaFormat("gemma", "", takesSystem: false), // Gemma, first
        ["4ae6e271bb19ab1d13771d1927983b27"] = t => new GemmaFormat("gemma", t.Beginning, takesSystem: false), // Gemma with marks for training
        ["a788f9a2106fdc5fa223dbb24f166fde"] = t => new GemmaFormat("gemma3", t.Beginning, takesSystem: true), // Gemma 3
        // Gemma 3, whose first release took system prompts as parts only
        ["5f0c18b55e4bb9ec01cd1da30cd1afb9"] = t => new GemmaFormat("gemma3", t.Beginning, takesSystem: true),
        ["a2450a655bd083fcc0b479165afea410"] = t => new GemmaFormat("gemma3", t.Beginning, takesSystem: true), // Gemma 3 with marks for training

        // Phi
        ["4f60d66605c079cc3de2844c7a9dce1b"] = t => PhiFormats.Version3("phi3", "", t.End, skipsEmptySystem: false), // Phi-3 mini
        ["126ffc81b3aa9ca9f658326cd073ab09"] = t => PhiFormats.Version3("phi3", t.Beginning, t.End, skipsEmptySystem: false), // Phi-3 small
        ["da705ff7fe78c2e49c57a0c6c3fbfc5d"] = t => PhiFormats.Version3First(t.Beginning), // Phi-3 mini, first
        ["aca4682c01f3b531f92b7b7b0a5c6263"] = _ => PhiFormats.Version3First(""), // Phi-3 medium
        // Phi-3 mini with marks for training
        ["ff460950db6dd4dbb182be58a96dfa88"] = t => PhiFormats.Version3("phi3", "", t.End, skipsEmptySystem: false),
        ["0843f69c3e1aa89c530d3e0c3b5e4193"] = t => PhiFormats.Version3("phi3.5", "", t.End, skipsEmptySystem: true), // Phi-3.5 mini
        // Phi-3.5 mini with marks for training
        ["275e615c16b4a552980169e3ae48804e"] = t => PhiFormats.Version3("phi3.5", "", t.End, skipsEmptySystem: true),
        ["0864d5fa2715e9991ec983380fe3f503"] = _ => PhiFormats.Version4First(), // Phi-4, first
        ["bd2355346631e1cb53a973114e1980f6"] = _ => PhiFormats.Version4(), // Phi-4
        ["1d4685a89cb0899989065eb534fa2494"] = t => PhiFormats.Version4Mini(t.End), // Phi-4 mini

        // Granite
        ["589a0f5d4d9536b3975187955d25b621"] = _ => GraniteFormats.Version30(), // Granite 3.0
        ["42b37ec289673b697e08df8f61f4f397"] = _ => GraniteFormats.Version31(), // Granite 3.1
        ["8c70feb0daeddd12a3a9d1214e95b4fe"] = _ => GraniteFormats.Version32(), // Granite 3.2
        ["47783aacdaa01ea6173232a133bd6af4"] = _ => GraniteFormats.Version33(), // Granite 3.3
        ["72a45f7dd74dddecfd6473e541196446"] = _ => GraniteFormats.Version33InLines(), // Granite 3.3, first

        // SmolLM3
        ["1f345b22dfa251d20f08c26be6fabc04"] = _ => new SmolLm3Format("smollm3", showsDate: true, canOverride: true, endsSystem: false, takesTools: true), // SmolLM3
        // SmolLM3, before it knew the field "tools"
        ["49178f4bd4af366c407f69726ba78cc9"] = _ => new SmolLm3Format("smollm3", showsDate: true, canOverride: true, endsSystem: false, takesTools: false),
        // SmolLM3 as Unsloth edited it
        ["ea29859e4ea4a2d9046bb9e589f7f3c6"] = _ => new SmolLm3Format("smollm3", showsDate: false, canOverride: false, endsSystem: true, takesTools: false),

        ["23722ffcf3710f7f1ce4f3df1cdaa17e"] = t => new DeepSeekR1Format(t.Beginning), // DeepSeek-R1, and what was distilled from it

        // OLMo, Tulu, Zephyr
        ["dd0ffadc5f805e91040cc0d146c982c7"] = t => new OlmoFormat("olmo2", t.Beginning, t.End), // OLMo 2
        ["0e133534aee34068f1d96638891f1396"] = t => new OlmoFormat("tulu3", "", t.End), // Tulu 3
        ["7a645b652db77194f4a0f6bde2bb6ea2"] = t => ZephyrFormats.Create(t.End), // Zephyr, TinyLlama
        ["930ab3e74388156613448086f06306b6"] = t => ZephyrFormats.Create(t.End), // Zephyr as Unsloth has it
    };

    public static ChatFormat Find(TemplateSource source)
    {
        if (source.Template.Length > TemplateLexer.MaximumLength)
            throw Unknown(source, $"it has {source.Template.Length} characters, expected at most {TemplateLexer.MaximumLength}");
        ChatTemplateText text = ChatTemplateText.Read(source.Template);
        return Find(text.Fingerprint, source, text.DefaultSystem) ?? throw Unknown(source, $"its fingerprint is {text.Fingerprint}");
    }

    /// <summary>The format of a template of that fingerprint; null where there is none.</summary>
    internal static ChatFormat? Find(string fingerprint, TemplateSource source, string? defaultSystem) =>
        Formats.TryGetValue(fingerprint, out Func<Found, ChatFormat>? create) ? create(new Found(source, defaultSystem))
        : OwnTemplates.FindName(fingerprint) is { } name ? NamedFormats.TryCreate(name) : null;

    private static NotSupportedException Unknown(TemplateSource source, string why) => new(
        $"{source.File}: the chat template is none that is known here ({why}), and templates are not run. {ChatFormat.Remedy}");

    /// <summary>What a definition may take from a template and its folder.</summary>
    private sealed record Found(TemplateSource Source, string? System)
    {
        public string Beginning => Source.Beginning;

        public string End => Source.End;
    }
}
