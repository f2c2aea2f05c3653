"""The names that pynn._functions adds at its first use (made by tests/method_stubs.py)."""

FUNCTIONS = frozenset(
    """
    absolute acos acosh addbmm addcdiv addcmul addmv addr adjoint all allclose aminmax any
    arccos arccosh arcsin arcsinh arctan arctan2 arctanh argsort argwhere as_strided asarray
    asin asinh atan atan2 atanh atleast_1d atleast_2d atleast_3d baddbmm bernoulli bincount
    bitwise_left_shift bitwise_right_shift block_diag bmm broadcast_shapes broadcast_tensors
    broadcast_to bucketize cartesian_prod cat cdist ceil chunk clamp_max clamp_min column_stack
    combinations concat concatenate copysign corrcoef cos cosh cosine_similarity count_nonzero
    cov cross cumprod cumsum cumulative_trapezoid deg2rad diag diag_embed diagflat diagonal
    diagonal_scatter diff dist divide dot dsplit dstack einsum empty_strided equal erf erfc
    erfinv exp2 expm1 fill fill_ fix flip fliplr flipud float_power floor floor_divide fmax fmin
    fmod frac ger greater greater_equal heaviside hsplit hstack hypot index_copy index_fill
    index_put inner isclose isfinite isin isinf isnan isneginf isposinf lerp less less_equal
    log10 log1p log2 logaddexp logaddexp2 logcumsumexp logical_and logical_not logical_or
    logical_xor logit logspace logsumexp masked_fill masked_scatter masked_select matrix_power
    median meshgrid mode moveaxis movedim msort multinomial multiply mv nan_to_num nanmean
    nanmedian nanquantile nansum negative nonzero norm normal not_equal outer pairwise_distance
    poisson positive prod put quantile rad2deg randint randint_like randperm ravel reciprocal
    remainder renorm repeat_interleave roll rot90 round row_stack rsqrt rsub scalar_tensor
    scatter scatter_reduce searchsorted select_scatter sgn signbit sin sinc sinh slice_scatter
    sort split split_with_sizes square stack std_mean subtract swapaxes swapdims take
    take_along_dim tan tensor_split tensordot tile topk trace trapezoid trapz tril tril_indices
    triu triu_indices true_divide trunc unbind unflatten unique unique_consecutive unsafe_chunk
    unsafe_split vander var_mean vdot vsplit vstack xlogy zero_
    """.split()
)
METHODS = frozenset(
    """
    abs_ absolute absolute_ acos acos_ acosh acosh_ addbmm addbmm_ addcdiv addcdiv_ addcmul
    addcmul_ addmm_ addmv addmv_ addr addr_ adjoint all allclose aminmax any arccos arccos_
    arccosh arccosh_ arcsin arcsin_ arcsinh arcsinh_ arctan arctan2 arctan2_ arctan_ arctanh
    arctanh_ argsort argwhere as_strided asin asin_ asinh asinh_ atan atan2 atan2_ atan_ atanh
    atanh_ baddbmm baddbmm_ bernoulli bernoulli_ bincount bitwise_and bitwise_and_
    bitwise_left_shift bitwise_left_shift_ bitwise_not bitwise_not_ bitwise_or bitwise_or_
    bitwise_right_shift bitwise_right_shift_ bitwise_xor bitwise_xor_ bmm broadcast_to cauchy_
    ceil ceil_ chunk clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip_ copysign copysign_
    corrcoef cos cos_ cosh cosh_ count_nonzero cov cross cumprod cumprod_ cumsum cumsum_ deg2rad
    deg2rad_ diag diag_embed diagflat diagonal diagonal_scatter diff dist divide divide_ dot
    dsplit eq_ equal erf erf_ erfc erfc_ erfinv erfinv_ exp2 exp2_ exp_ expm1 expm1_
    exponential_ fix fix_ flip fliplr flipud float_power float_power_ floor floor_ floor_divide
    floor_divide_ fmax fmin fmod fmod_ frac frac_ ge_ geometric_ ger greater greater_
    greater_equal greater_equal_ gt_ heaviside heaviside_ hsplit hypot hypot_ index_add_
    index_copy index_copy_ index_fill index_fill_ index_put index_put_ inner isclose isfinite
    isinf isnan isneginf isposinf le_ lerp lerp_ less less_ less_equal less_equal_ log10 log10_
    log1p log1p_ log2 log2_ log_ log_normal_ logaddexp logaddexp2 logcumsumexp logical_and
    logical_and_ logical_not logical_not_ logical_or logical_or_ logical_xor logical_xor_ logit
    logit_ logsumexp lt_ masked_fill masked_fill_ masked_scatter masked_scatter_ masked_select
    matrix_power median mode moveaxis movedim msort multinomial multiply multiply_ mv nan_to_num
    nan_to_num_ nanmean nanmedian nanquantile nansum ne_ neg_ negative negative_ new_empty
    new_empty_strided new_full new_ones new_tensor new_zeros nonzero norm normal_ not_equal
    not_equal_ outer positive prod put put_ quantile rad2deg rad2deg_ random_ ravel reciprocal
    reciprocal_ relu_ remainder remainder_ renorm renorm_ repeat repeat_interleave roll rot90
    round round_ rsqrt rsqrt_ scatter scatter_ scatter_add_ scatter_reduce scatter_reduce_
    select_scatter sgn sgn_ sigmoid_ sign_ signbit sin sin_ sinc sinc_ sinh sinh_ slice_scatter
    sort split split_with_sizes sqrt_ square square_ subtract subtract_ swapaxes swapdims take
    take_along_dim tan tan_ tanh_ tensor_split tile topk trace tril tril_ triu triu_ true_divide
    true_divide_ trunc trunc_ unbind unflatten unfold uniform_ unique unique_consecutive
    unsafe_chunk unsafe_split vdot vsplit xlogy xlogy_
    """.split()
)
