using LongContext.Chat;
using LongContext.Models;
using LongContext.Tokenization;
using static TorchSharp.torch;

namespace LongContext.Tests.Recipes;

/// <summary>A word tokenizer for the tiny models, texts and conversations in its words, and short runs.</summary>
internal static class RecipeData
{
    public static HuggingFaceTokenizer Tokenizer { get; } = HuggingFaceTokenizer.CreateWordLevel(
        [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(i => i switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", 3 => "USER:", 4 => "ASSISTANT:", _ => "w" + i })], "<unk>", "<s>", "</s>");

    public static ChatFormat Format { get; } = new WordFormat();

    /// <summary>Texts of such numbers of words.</summary>
    public static string[] Texts(params int[] lengths) => [.. lengths.Select((length, i) => Words(length, 40 + i))];

    public static string Words(int count, int seed)
    {
        var random = new Random(seed);
        return string.Join(' ', Enumerable.Range(0, count).Select(_ => "w" + random.Next(5, TinyModels.Vocabulary)));
    }

    public static IReadOnlyList<ChatTurn>[] Conversations(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => (IReadOnlyList<ChatTurn>)
        [
            ChatTurn.User(Words(3 + (i % 5), i)), ChatTurn.Assistant(Words(1 + (i % 4), 100 + i)), ChatTurn.User(Words(2, 200 + i)), ChatTurn.Assistant(Words(2 + (i % 3), 300 + i)),
        ]),
    ];

    /// <summary>A model as one loads it, and the tokenizer in its folder.</summary>
    public static CausalLanguageModel Load(string folder, int seed = 5)
    {
        if (!Directory.Exists(folder))
        {
            using CausalLanguageModel made = TinyModels.Create(dataType: ScalarType.Float32, seed: seed);
            made.Save(folder);
            Tokenizer.Save(folder);
        }

        return CausalLanguageModel.Load(folder);
    }

    /// <summary>Four short steps.</summary>
    public static TrainerOptions Short(TrainerOptions trainer) => trainer with { Steps = 4, GradientAccumulationSteps = 2, LearningRate = 1e-2 };

    private sealed class WordFormat() : ChatFormat("words", "</s>")
    {
        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
        {
            text.Append("<s>");
            for (int i = 0; i < turns.Count; i++)
            {
                if (turns[i].Role == "assistant") text.Append(" ASSISTANT:").AppendAnswer(i, " " + turns[i].Content, " </s>");
                else text.Append(" USER: ").Append(turns[i].Content);
            }
        }
    }
}
