namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>By what the log-likelihoods of choices of different length are made comparable.</summary>
public enum ChoiceNormalization
{
    /// <summary>Not at all: the sum over the choice's tokens (lm-evaluation-harness: acc).</summary>
    None,

    /// <summary>Divided by the choice's characters, in code points, the delimiter left out (acc_norm).</summary>
    Characters,

    /// <summary>Divided by the choice's bytes in UTF-8, the delimiter left out (acc_bytes).</summary>
    Bytes,

    /// <summary>Divided by the tokens that were scored.</summary>
    Tokens,

    /// <summary>Less the log-likelihood of the choice with nothing before it but a special token (acc_mutual_info; Holtzman et al. 2021).</summary>
    Unconditional,
}
