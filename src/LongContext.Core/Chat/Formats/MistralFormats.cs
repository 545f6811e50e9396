using static LongContext.Chat.Formats.InstructionFormat;

namespace LongContext.Chat.Formats;

/// <summary>
/// Mistral's formats by the version of their tokenizers: the blanks around [INST] and answers are different tokens, so they matter.
/// </summary>
internal static class MistralFormats
{
    /// <summary>7B-Instruct 0.1: a blank after the end-of-sentence token.</summary>
    public static ChatFormat Instruct01(string begin, string end) => new InstructionFormat("mistral-0.1", begin, end)
    {
        BeforeUser = "[INST] ", AfterUser = " [/INST]", AfterAnswer = " ",
    };

    /// <summary>7B-Instruct 0.2 and the first Mixtral: no blank before answers.</summary>
    public static ChatFormat Instruct02(string begin, string end) => new InstructionFormat("mistral-0.2", begin, end)
    {
        BeforeUser = "[INST] ", AfterUser = " [/INST]",
    };

    public static ChatFormat Version1(string begin, string end) => new InstructionFormat("mistral-v1", begin, end)
    {
        BeforeUser = " [INST] ", AfterUser = " [/INST]", BeforeAnswer = " ", System = SystemPlace.FirstUser,
    };

    public static ChatFormat Version3(string begin, string end, SystemPlace system = SystemPlace.FinalUser) =>
        new InstructionFormat("mistral-v3", begin, end)
        {
            BeforeUser = "[INST] ", AfterUser = "[/INST]", BeforeAnswer = " ", System = system, TrimsAnswers = true, Syntax = ToolCallSyntax.Mistral,
        };

    /// <summary>Mixtral 8x22B, whose template knows no tools and leaves answers untrimmed.</summary>
    public static ChatFormat Version3WithoutTools(string begin, string end) => new InstructionFormat("mistral-v3", begin, end)
    {
        BeforeUser = "[INST] ", AfterUser = "[/INST]", BeforeAnswer = " ", System = SystemPlace.FinalUser,
    };

    /// <summary>Nemo: version 3 for the tekken tokenizer, without blanks.</summary>
    public static ChatFormat Nemo(string begin, string end) =>
        new InstructionFormat("mistral-nemo", begin, end)
        {
            BeforeUser = "[INST]", AfterUser = "[/INST]", System = SystemPlace.FinalUser, Syntax = ToolCallSyntax.MistralNemo,
        };

    public static ChatFormat Version7(string begin, string end) => new InstructionFormat("mistral-v7", begin, end)
    {
        BeforeUser = "[INST] ", AfterUser = "[/INST]", BeforeAnswer = " ", System = SystemPlace.OwnBlock,
    };

    public static ChatFormat Version7Tekken(string begin, string end) => new InstructionFormat("mistral-v7-tekken", begin, end)
    {
        BeforeUser = "[INST]", AfterUser = "[/INST]", System = SystemPlace.OwnBlock,
    };
}
