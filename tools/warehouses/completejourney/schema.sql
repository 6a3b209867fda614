-- The Complete Journey, cleaned: what each table holds is said in semantic_model.yaml; traps handled are in README.md.
-- Money is DECIMAL. The stored date of a visit is its business date; nothing is converted.

CREATE TABLE households (
    household_id INTEGER PRIMARY KEY
);

CREATE TABLE demographics (
    household_id INTEGER PRIMARY KEY,
    age_band VARCHAR NOT NULL,
    income_band VARCHAR NOT NULL,
    home_ownership VARCHAR,
    marital_status VARCHAR,
    household_size VARCHAR NOT NULL,
    composition VARCHAR NOT NULL,
    kids VARCHAR NOT NULL
);

CREATE TABLE stores (
    store_id INTEGER PRIMARY KEY
);

CREATE TABLE products (
    product_id INTEGER PRIMARY KEY,
    manufacturer_id INTEGER NOT NULL,
    department VARCHAR NOT NULL,
    brand VARCHAR NOT NULL,
    category VARCHAR,
    product_type VARCHAR,
    package_size VARCHAR
);

CREATE TABLE calendar (
    day DATE PRIMARY KEY,
    is_weekend BOOLEAN NOT NULL,
    season VARCHAR NOT NULL,
    holiday VARCHAR
);

CREATE TABLE baskets (
    basket_id BIGINT PRIMARY KEY,
    household_id INTEGER NOT NULL,
    store_id INTEGER NOT NULL,
    visited_at TIMESTAMP NOT NULL,
    visit_date DATE NOT NULL
);

CREATE TABLE basket_lines (
    basket_id BIGINT NOT NULL,
    product_id INTEGER NOT NULL,
    sold_on DATE NOT NULL,
    quantity INTEGER NOT NULL,
    sales_value DECIMAL(10, 2) NOT NULL,
    retail_discount DECIMAL(10, 2) NOT NULL,
    coupon_discount DECIMAL(10, 2) NOT NULL,
    coupon_match_discount DECIMAL(10, 2) NOT NULL,
    list_value DECIMAL(10, 2) NOT NULL,
    customer_paid DECIMAL(10, 2) NOT NULL
);

CREATE TABLE campaigns (
    campaign_id INTEGER PRIMARY KEY,
    campaign_type VARCHAR NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL
);

CREATE TABLE campaign_targets (
    campaign_id INTEGER NOT NULL,
    household_id INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, household_id)
);

CREATE TABLE coupons (
    coupon_upc BIGINT NOT NULL,
    campaign_id INTEGER NOT NULL,
    PRIMARY KEY (coupon_upc, campaign_id)
);

CREATE TABLE coupon_products (
    coupon_upc BIGINT NOT NULL,
    campaign_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    PRIMARY KEY (coupon_upc, campaign_id, product_id)
);

CREATE TABLE coupon_redemptions (
    redemption_id INTEGER PRIMARY KEY,
    household_id INTEGER NOT NULL,
    coupon_upc BIGINT NOT NULL,
    campaign_id INTEGER NOT NULL,
    redeemed_on DATE NOT NULL
);
