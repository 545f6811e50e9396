using System.Security.Cryptography;
using System.Text;

namespace LongContext.Evaluation.Tasks;

/// <summary>A fingerprint of all that a model sees of an item and is held against.</summary>
internal static class ItemHash
{
    public static string Of(EvaluationItem item)
    {
        EvaluationPrompt prompt = item.Prompt;
        string text = string.Join('\u0001', [prompt.System ?? "", prompt.Before, prompt.Context, prompt.After, prompt.AnswerPrefix, string.Join('\u0002', item.Answers)]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
