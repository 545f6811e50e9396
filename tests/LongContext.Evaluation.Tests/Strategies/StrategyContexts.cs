using LongContext.Evaluation.Support;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

/// <summary>What strategies are called with in tests.</summary>
internal static class StrategyContexts
{
    /// <summary>The model that is asked; other models answer by the function.</summary>
    public static StrategyContext For(Tokenizer tokenizer, int? maximumPromptTokens = null, Func<EvaluationModel, EvaluationPrompt, AnswerSettings, string>? answer = null) => new()
    {
        Session = new DirectSession(
            new EvaluationModel { Name = "asked", Client = new ScriptedClient(_ => string.Empty), Tokenizer = tokenizer },
            answer ?? ((_, _, _) => throw new InvalidOperationException("No model was to be asked."))),
        MaximumPromptTokens = maximumPromptTokens,
    };

    public static EvaluationModel Other(string name) => new() { Name = name, Client = new ScriptedClient(_ => string.Empty), Tokenizer = CuttingTokenizers.Get("word") };

    /// <summary>Whether one text is left when characters are taken out of another.</summary>
    public static bool IsSubsequence(string part, string whole)
    {
        int found = 0;
        for (int i = 0; i < whole.Length && found < part.Length; i++)
        {
            if (whole[i] == part[found]) found++;
        }

        return found == part.Length;
    }
}
