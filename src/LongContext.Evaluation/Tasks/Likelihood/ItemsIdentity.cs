using System.Security.Cryptography;
using System.Text;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Tells lists of items from others, in any process.</summary>
internal static class ItemsIdentity
{
    /// <summary>SHA-256 over what is asked, chosen among and right, each part with its length before it.</summary>
    public static string Of(IReadOnlyList<EvaluationItem> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (EvaluationItem item in items)
        {
            EvaluationPrompt prompt = item.Prompt;
            Append(hash, [item.Id, prompt.System ?? string.Empty, prompt.Before, prompt.Context, prompt.After, prompt.AnswerPrefix, prompt.Style.ToString(), prompt.Truncation.Name]);
            Append(hash, item.Choices);
            Append(hash, item.Answers);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>SHA-256 over texts.</summary>
    public static string Of(IEnumerable<string> texts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, [.. texts]);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, IReadOnlyList<string> parts)
    {
        hash.AppendData(BitConverter.GetBytes(parts.Count));
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}
